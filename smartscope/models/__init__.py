"""Rows: fields, constraints and querysets. No workflow, no I/O."""

from smartscope.models.alarm import Alarm, AlarmDelivery
from smartscope.models.analysis import Analysis
from smartscope.models.changeset import Change, Changeset, Label
from smartscope.models.command import Command, CommandState, IdempotencyKey
from smartscope.models.driver_lease import DriverLease
from smartscope.models.event import Event, EventCounter
from smartscope.models.exposure import Exposure
from smartscope.models.grid import Grid, Verdict
from smartscope.models.image import Image, ImageKind
from smartscope.models.journal import RoutineDose, Run, Step, StepItem, Wait, Wish
from smartscope.models.lease import Lease, LeaseState
from smartscope.models.microscope import Detector, Microscope, MicroscopeGrant
from smartscope.models.people import ApiToken, LoginLink, Membership, Role
from smartscope.models.session import CollectionParameters, Session
from smartscope.models.targets import Atlas, Group, Hole, Square
from smartscope.models.trained_network import TrainedNetwork

__all__ = [
    "Alarm",
    "AlarmDelivery",
    "Analysis",
    "ApiToken",
    "Atlas",
    "Change",
    "Changeset",
    "CollectionParameters",
    "Command",
    "CommandState",
    "Detector",
    "DriverLease",
    "Event",
    "EventCounter",
    "Exposure",
    "Grid",
    "Group",
    "Hole",
    "IdempotencyKey",
    "Image",
    "ImageKind",
    "Label",
    "Lease",
    "LeaseState",
    "LoginLink",
    "Membership",
    "Microscope",
    "MicroscopeGrant",
    "Role",
    "RoutineDose",
    "Run",
    "Session",
    "Square",
    "Step",
    "StepItem",
    "TrainedNetwork",
    "Verdict",
    "Wait",
    "Wish",
]
