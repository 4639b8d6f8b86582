"""One file a step; a step that was released is never changed, only followed by another."""
