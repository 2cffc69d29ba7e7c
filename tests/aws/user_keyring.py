# SPDX-License-Identifier: Apache-2.0
"""user_keyring: what the kernel's user keyring holds of iamodbc's, for tests of LoginCache=user. The tests of a file leave it as they found it."""
import contextlib
import ctypes
import ctypes.util
import struct

USER_KEYRING = -4
PREFIX = "iamodbc:1:"
_keyutils = ctypes.CDLL("libkeyutils.so.1", use_errno=True)


def _answer(call, *arguments):
    """What a call of the kernel writes into a buffer; None: it fails."""
    buffer = ctypes.create_string_buffer(40000)
    length = call(*arguments, buffer, ctypes.c_size_t(len(buffer)))
    return buffer.raw[:length] if length >= 0 else None


def entries():
    """{serial: description} of all of ours."""
    found = {}
    listed = _answer(_keyutils.keyctl_read, USER_KEYRING) or b""
    for (serial,) in struct.iter_unpack("i", listed[:len(listed) // 4 * 4]):
        described = (_answer(_keyutils.keyctl_describe, serial) or b"").rstrip(b"\0").decode("utf-8", "replace")
        if PREFIX in described:
            found[serial] = described
    return found


def payload(serial):
    return _answer(_keyutils.keyctl_read, serial)


def change(serial, content):
    """Another payload; the kernel takes the end away with it, so a new one."""
    assert _keyutils.keyctl_update(serial, content, ctypes.c_size_t(len(content))) == 0
    _keyutils.keyctl_set_timeout(serial, 3000)


def remove(serial):
    assert _keyutils.keyctl_unlink(serial, USER_KEYRING) == 0


def seconds_left(serial):
    """Until the kernel drops it, as /proc/keys shows it, in its units: '59m', '3w'; 'perm' for one that stays."""
    with open("/proc/keys", encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if int(words[0], 16) == serial:
                return words[3]
    return ""


def is_usable():
    """Whether this kernel lets us: not everywhere in containers."""
    serial = _keyutils.add_key(b"user", b"iamodbc test", b"x", ctypes.c_size_t(1), USER_KEYRING)
    if serial < 0:
        return False
    _keyutils.keyctl_unlink(serial, USER_KEYRING)
    return True


@contextlib.contextmanager
def left_as_found():
    before = entries()
    try:
        yield
    finally:
        for serial in entries().keys() - before.keys():
            _keyutils.keyctl_unlink(serial, USER_KEYRING)
