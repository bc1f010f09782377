"""The command line's verbs: the same ones as the app's, with the same words."""
