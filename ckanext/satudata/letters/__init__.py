"""Official letters: kinds, register number, signed file (SOP register of letters)."""
