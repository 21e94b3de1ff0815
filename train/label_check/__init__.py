"""What files of drawings hold, and which labels may be wrong."""
