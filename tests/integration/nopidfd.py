"""A kernel without pidfds, for one program: pidfd_open(2) is an unknown call there."""
import ctypes
import platform
import struct

NR_PIDFD_OPEN = 434
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
ENOSYS = 38
RET_ALLOW, RET_ERRNO = 0x7fff0000, 0x00050000


def without_pidfd():
    """In a child process before exec. The number is the same on every architecture."""
    instructions = [(0x20, 0, 0, 0),                   # the call's number
                    (0x15, 0, 1, NR_PIDFD_OPEN),
                    (0x06, 0, 0, RET_ERRNO | ENOSYS),
                    (0x06, 0, 0, RET_ALLOW)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in instructions))

    class Filter(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    description = Filter(len(instructions), ctypes.addressof(program))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or \
       libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(description), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"no filter on {platform.machine()}")
