"""The commands of ``pv``, a module for each family. At import they need click and nothing else."""
