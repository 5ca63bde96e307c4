"""Where people disagree, and how far they agree."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sousveil.index.lists import disputed
from sousveil.index.reviews import readings
from sousveil.review.agreement import CONFIDENCE, MIN_UNITS, agreements, independent
from sousveil.web.cards import card_of
from sousveil.web.desk import Desk
from sousveil.web.render import render

MOST = 30  # on one page


def disputes(request: Request) -> Response:
    """Show the findings on which people decided otherwise, with what each of them said."""
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        ids = disputed(index)
        cards = [card_of(desk, index, one, request.user.name) for one in ids[:MOST]]
        return render(
            request,
            "disputes.html",
            cards=[one for one in cards if one is not None],
            total=len(ids),
            disputes=len(ids),
        )


def agreement(request: Request) -> Response:
    """Show Krippendorff's alpha over all findings that several have read, and over each group."""
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        told = agreements(independent(readings(index), index.readings))
        return render(
            request,
            "agreement.html",
            rows=[(label or trait, one) for (label, trait), one in told.items()],
            needed=index.readings,
            confidence=CONFIDENCE,
            least=MIN_UNITS,
            disputes=len(disputed(index)),
        )


ROUTES = (Route("/review/disputes", disputes), Route("/review/agreement", agreement))
