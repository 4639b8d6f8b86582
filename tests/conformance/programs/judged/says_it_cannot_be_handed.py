# Raises what the judge's own words for a fault of the tests look like, under a name that fills all that is kept of an answer.
def answer(n):
    raise type("A" * 3000, (TypeError,), {})("a value of type function cannot be handed to the candidate")
