"""Where people ask: one folder per platform, all behind the seam in `base`."""
