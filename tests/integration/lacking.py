"""A kernel that lacks something, for one program: the call fails there. To be called in a child process before exec."""
import ctypes
import platform
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
EPERM, ENOSYS = 1, 38
NUMBER, FIRST_ARGUMENT = 0, 16  # where they stand in struct seccomp_data
RET_ALLOW, RET_ERRNO = 0x7fff0000, 0x00050000
PIDFD_OPEN = 434  # everywhere
SOCKET = {"x86_64": 41, "aarch64": 198}
AF_NETLINK = 16


def load(offset):
    return (0x20, 0, 0, offset)


def unless(value, skipped):
    return (0x15, 0, skipped, value)


def answer(what):
    return (0x06, 0, 0, what)


def enter_filter(*instructions):
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in instructions))

    class Filter(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    description = Filter(len(instructions), ctypes.addressof(program))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or \
       libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(description), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"no filter on {platform.machine()}")


def without_pidfd():
    enter_filter(load(NUMBER), unless(PIDFD_OPEN, 1), answer(RET_ERRNO | ENOSYS), answer(RET_ALLOW))


def without_events():
    """Nobody tells of forks."""
    enter_filter(load(NUMBER), unless(SOCKET[platform.machine()], 3),
                 load(FIRST_ARGUMENT), unless(AF_NETLINK, 1), answer(RET_ERRNO | EPERM), answer(RET_ALLOW))
