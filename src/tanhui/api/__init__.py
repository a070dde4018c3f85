"""Api: the door for programs."""
