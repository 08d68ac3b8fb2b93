"""What meets Jupyter. Layer 9, the only place that imports IPython, traitlets, ipywidgets and jupyter_server.

`extension` is what `%load_ext` announces and `magic` what it does; importing this package imports none of them.
"""
