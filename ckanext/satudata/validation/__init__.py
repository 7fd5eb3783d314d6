"""Files against what they claim to be, before a byte of them is stored."""
