"""Keeping watch: what is due is polled or visited, read and told, for as long as it runs."""
