"""Histories: what becomes of repositories, sites and feeds as a whole, from one look to the next.

Pure. Each module takes what two looks saw and gives `Turn`s, each with its confidence and reasons:
`refs.py` branches and tags, `gone.py` whole repositories, `maps.py` site maps, `links.py` the links
of a crawl, `feeds.py` feeds, `rules.py` robots.txt. What was read in part, or not at all, shows
nothing.
"""
