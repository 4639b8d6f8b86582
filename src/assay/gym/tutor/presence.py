"""Whether the model that helps is there. One that was not is asked for again after a while."""

import time

from assay.errors import AssayError
from assay.gym.tutor.programs import Voice
from assay.pipeline.llm.gateway import Gateway
from assay.records import Model

_AGAIN_S = 30
"""How long a model that was not there is not asked for again."""


class Presence:
    """Looks for the model before it is asked, and remembers for a while that it was not there."""

    def __init__(self, gateway: Gateway, model: Model | None) -> None:
        self._gateway = gateway
        self._there = Voice(gateway, model) if model else None
        self._rest_until = 0.0
        self._looked = 0.0
        self.why_not = "no model is set" if model is None else ""
        """Why no model helps here just now; empty: one does, as far as is known."""

    def voice(self) -> Voice | None:
        """The model, where it is there."""
        voice = self._there
        if voice is None or time.monotonic() < self._rest_until:
            return None
        if voice.model.provider == "ollama" and time.monotonic() - self._looked > _AGAIN_S:
            try:
                there = self._gateway.models(voice.model)
            except AssayError as error:
                self._rest(str(error))
                return None
            if voice.model.model not in there:
                self._rest(f"ollama pull {voice.model.model} would fetch it")
                return None
            self._looked = time.monotonic()
        return voice

    def _rest(self, why: str) -> None:
        self.why_not = why
        self._rest_until = time.monotonic() + _AGAIN_S
        self._looked = 0.0

    def doubt(self) -> None:
        """It did not answer: look for it before it is asked again."""
        self._looked = 0.0
