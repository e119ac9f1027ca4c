"""Task types without Python: a folder with `template.toml`, `label_config.xml`, `guidelines.md`.

`template.toml` says what an item holds, which field of the judgment each control of the labeling
configuration answers and at which level of measurement, and which training records a settled item
yields. `loading` makes a `TaskTemplate` of it, like any other.
"""
