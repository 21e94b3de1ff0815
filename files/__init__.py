"""What files hold and how they are replaced, shared by all rooms; needs nothing but Python."""
