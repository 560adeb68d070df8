"""The command line of simkit."""
