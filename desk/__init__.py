"""The desk: what the command line does. It talks HTTP to the API, like everybody else."""
