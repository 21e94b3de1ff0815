"""Read UNIPEN, a collection of characters written with a pen on a tablet."""
