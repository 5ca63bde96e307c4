"""Sousveil: a watch on those who build systems that infer protected traits of people."""

__version__ = "0.1.0"
