"""The second network: it reads the path of the pen, where the first reads the image of the ink."""
