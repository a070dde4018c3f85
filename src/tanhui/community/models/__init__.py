"""Tables of the room: where one brings things, what is held, who came, who belongs to what."""

from tanhui.community.models.check_ins import Card, CheckIn, CheckInNews, Measurement
from tanhui.community.models.occasions import Booking, Occasion, Places
from tanhui.community.models.points import CollectionPoint, MaterialPrice, PointNotice
from tanhui.community.models.teams import Membership, NewsCursor, QuizAttempt, Team

__all__ = [
    "Booking",
    "Card",
    "CheckIn",
    "CheckInNews",
    "CollectionPoint",
    "MaterialPrice",
    "Measurement",
    "Membership",
    "NewsCursor",
    "Occasion",
    "Places",
    "PointNotice",
    "QuizAttempt",
    "Team",
]
