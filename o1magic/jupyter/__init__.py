"""What meets Jupyter: the magics and their view. The only place that imports IPython and traitlets."""
