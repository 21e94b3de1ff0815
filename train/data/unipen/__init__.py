"""UNIPEN: characters that people wrote with a pen on a tablet."""
