"""One tree of errors: everything sousveil raises on purpose descends from `SousveilError`.

Each message names the thing, the place and the next step; the command line prints it as one
line and exits with 2. A page that cannot be fetched is no error: it is an outcome to record
(`model.Failure`).

    SousveilError
      CaseError           a case folder is missing, locked, or not one
        BusyError         somebody else has it; passes by itself
        EvidenceError     what is on disk contradicts the log
      TargetError         a target that cannot be watched: bad URL, refused address
      BrowserError        no browser can be had, or it broke
      ArchiveError        a WARC or ARC file breaks the format
      LogError            a tile, note, checkpoint, proof or stamp is malformed or does not hold
      RepositoryError     git could not read a repository
      ExtractError        a document that cannot be turned into text
      TopicError          a topic file that is unknown or malformed
      ActorError          a file of actors, or an official list, that is malformed
      InputError          a file or an option of the command line that cannot be used
        OvertakenError    what is asked for is not there, or no more: others were quicker
"""


class SousveilError(Exception):
    """Base of everything we raise on purpose."""


class CaseError(SousveilError):
    """A case folder is missing, locked, or not one."""


class BusyError(CaseError):
    """Somebody else has what is wanted at this moment; it passes by itself."""


class EvidenceError(CaseError):
    """What is on disk contradicts the log."""


class TargetError(SousveilError):
    """A target that cannot be watched."""


class BrowserError(SousveilError):
    """No browser can be had, or it broke."""


class ArchiveError(SousveilError):
    """A WARC or ARC file breaks the format."""


class LogError(SousveilError):
    """A tile, note, checkpoint, proof or time stamp is malformed or does not hold."""


class RepositoryError(SousveilError):
    """Git could not read a repository."""


class ExtractError(SousveilError):
    """A document that cannot be turned into text."""


class TopicError(SousveilError):
    """A topic file that is unknown or malformed."""


class ActorError(SousveilError):
    """A file of actors, or an official list, that is malformed."""


class InputError(SousveilError):
    """A file or an option of the command line that cannot be used."""


class OvertakenError(InputError):
    """What is asked for is not there, or no more: others may have been quicker."""
