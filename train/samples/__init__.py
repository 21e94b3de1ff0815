"""What a run learns from, validates on and is tested on."""
