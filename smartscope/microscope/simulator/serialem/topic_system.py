"""Commands about SerialEM itself: versions, clock, log, variables, dialogs, properties."""

from __future__ import annotations

import re

from smartscope.microscope.simulator.serialem.answers import (
    DONE,
    NOTHING,
    Left,
    ScriptError,
    Values,
)
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.program import Program, Table

EPOCH = re.compile(r"smartscope epoch=(\d+)")
#: What only a simulated SerialEM answers to GetVariable.
SIMULATOR_VARIABLE = "smartscopeSimulator"
_UNIT_S = {"msec": 0.001, "sec": 1.0, "min": 60.0}


def _echo(program: Program, arguments: Arguments) -> Values:
    line = arguments.text_or(1)
    program.say(line)
    said = EPOCH.match(line)
    if said:
        program.scope.world.epoch = int(said[1])
    return NOTHING


def _exit(program: Program, arguments: Arguments) -> Values:
    raise Left(quietly=arguments.number_or(1, 0.0) != 0.0)


def _set_variable(program: Program, arguments: Arguments) -> Values:
    program.script.variables[arguments.text(1).upper()] = arguments.text(2)
    return NOTHING


def _set_persistent(program: Program, arguments: Arguments) -> Values:
    program.persistent[arguments.text(1).upper()] = arguments.text(2)
    return NOTHING


def _get_variable(program: Program, arguments: Arguments) -> Values:
    name = arguments.text(1)
    if name == SIMULATOR_VARIABLE:
        return ("1",)
    value = variable(program, name)
    if value is None:
        raise ScriptError(f"Variable {name} is not defined")
    try:
        return (float(value),)
    except ValueError:
        return (value,)


def variable(program: Program, name: str) -> str | None:
    """A script or persistent variable, None when neither is defined."""
    key = name.upper()
    return program.script.variables.get(key, program.persistent.get(key))


def array_variable(program: Program, name: str) -> list[float]:
    """A variable that holds numbers in lines. Raises ScriptError."""
    value = variable(program, name)
    if value is None:
        raise ScriptError(f"Array variable {name} is not defined")
    try:
        return [float(line) for line in value.split()]
    except ValueError:
        raise ScriptError(f"Array variable {name} holds something that is no number") from None


def _defined(program: Program, arguments: Arguments) -> Values:
    return (float(variable(program, arguments.text(1)) is not None),)


def _clear_persistent(program: Program, arguments: Arguments) -> Values:
    program.persistent.clear()
    return NOTHING


def _no_message_box(program: Program, arguments: Arguments) -> Values:
    program.script.errors_to_log = arguments.whole_or(1, 1) != 0
    return NOTHING


def _suppress_reports(program: Program, arguments: Arguments) -> Values:
    program.script.reports_suppressed = arguments.whole_or(1, 1) != 0
    return NOTHING


def _overwrite(program: Program, arguments: Arguments) -> Values:
    program.script.overwrite = arguments.whole(1) != 0
    return NOTHING


def _at_least(program: Program, arguments: Arguments) -> Values:
    return (float(program.version.at_least(arguments.whole(1), arguments.whole_or(2, 0))),)


def _count_commands(program: Program, arguments: Arguments) -> Values:
    return (float(program.version.commands),)


def _time_stamps(program: Program, arguments: Arguments) -> Values:
    program.say(f"SerialEM {program.version.number} built {program.version.built} (simulated)")
    return NOTHING


def _clock(program: Program, arguments: Arguments) -> Values:
    return (program.scope.world.clock.now() - program.clock_zero_s,)


def _reset_clock(program: Program, arguments: Arguments) -> Values:
    program.clock_zero_s = program.scope.world.clock.now()
    return NOTHING


def _delay(program: Program, arguments: Arguments) -> Values:
    unit = arguments.text_or(2, "sec").lower()
    if unit not in _UNIT_S:
        raise ScriptError(f"Delay has no unit {unit!r}; use msec, sec or min")
    program.scope.world.pass_time(arguments.number(1) * _UNIT_S[unit])
    program.heed_stop()
    return NOTHING


def _answer_yes(program: Program, arguments: Arguments) -> Values:
    """Questions to the operator are answered at once: nobody sits before a simulated console."""
    program.say("Answered by the simulator: yes")
    return (1.0,)


def _message(program: Program, arguments: Arguments) -> Values:
    program.say(arguments.text_or(1))
    return NOTHING


def _default_number(program: Program, arguments: Arguments) -> Values:
    return (arguments.number(1),)


def _nothing(program: Program, arguments: Arguments) -> Values:
    return NOTHING


def _zero(program: Program, arguments: Arguments) -> Values:
    return DONE


def _set_property(program: Program, arguments: Arguments) -> Values:
    program.knobs.properties[arguments.text(1).lower()] = arguments.number(2)
    return NOTHING


def _property(program: Program, arguments: Arguments) -> Values:
    known = {
        "enableexternalpython": 1.0,
        "imageshiftlimit": 15.0,
        **program.knobs.properties,
    }
    name = arguments.text(1)
    if name.lower() not in known:
        raise ScriptError(f"{name} is not a recognized property or cannot be accessed by script")
    return (known[name.lower()],)


def _set_user_setting(program: Program, arguments: Arguments) -> Values:
    """Put back when control ends, unless it is to be kept."""
    name, knobs = arguments.text(1).lower(), program.knobs
    if arguments.whole_or(3, 0) == 0 and name in knobs.user_settings:
        knobs.settings_before.setdefault(name, knobs.user_settings[name])
    knobs.user_settings[name] = arguments.number(2)
    return NOTHING


def _user_setting(program: Program, arguments: Arguments) -> Values:
    name = arguments.text(1)
    if name.lower() not in program.knobs.user_settings:
        raise ScriptError(f"{name} is not a recognized user setting, or was not set here")
    return (program.knobs.user_settings[name.lower()],)


COMMANDS: Table = {
    "Echo": _echo,
    "EchoBreakLines": _message,
    "Exit": _exit,
    "SetVariable": _set_variable,
    "SetPersistentVar": _set_persistent,
    "GetVariable": _get_variable,
    "IsVariableDefined": _defined,
    "ClearPersistentVars": _clear_persistent,
    "NoMessageBoxOnError": _no_message_box,
    "SuppressReports": _suppress_reports,
    "ErrorsToLog": _nothing,
    "AllowFileOverwrite": _overwrite,
    "IsVersionAtLeast": _at_least,
    "ReportNumExeFuncs": _count_commands,
    "ProgramTimeStamps": _time_stamps,
    "ReportClock": _clock,
    "ResetClock": _reset_clock,
    "Delay": _delay,
    "KeyBreak": _zero,
    "Pause": _answer_yes,
    "YesNoBox": _answer_yes,
    "OKBox": _message,
    "EnterDefaultedNumber": _default_number,
    "SaveLog": _nothing,
    "SaveLogOpenNew": _nothing,
    "CloseLogOpenNew": _nothing,
    "SetNextLogOutputStyle": _nothing,
    "SetStatusLine": _nothing,
    "ClearStatusLine": _nothing,
    "SaveSettings": _nothing,
    "StartTry": _nothing,
    "EndTry": _nothing,
    "SetProperty": _set_property,
    "ReportProperty": _property,
    "SetUserSetting": _set_user_setting,
    "ReportUserSetting": _user_setting,
}
