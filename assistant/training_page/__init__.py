"""The page that shows training runs while they run: one small page of ours, on this machine only."""
