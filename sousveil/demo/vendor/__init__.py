"""The stage of the demonstration: a fictitious vendor with a web site and an SDK repository.

    pages.py       what the vendor says, before and after; pages/ and static/ hold the words
    lab_report.py  a laboratory's test report, a PDF that paper.py writes
    leaflet.py     a scanned leaflet, drawn
    sdk.py         the SDK repository, made with git; sdk/1 to sdk/6 hold what each commit writes
    site.py        `VendorSite`: serves both on this machine and changes them on request

The company, its products, customers and places are invented; every page says so. All content is
fixed: two runs serve the same bytes and make the same commits.
"""

from sousveil.demo.vendor.pages import PAGES, Page
from sousveil.demo.vendor.site import ServedPage, VendorSite

__all__ = ["PAGES", "Page", "ServedPage", "VendorSite"]
