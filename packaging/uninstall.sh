#!/bin/sh
# Removes what install.sh installed, and nothing else: DSNs, files that others put into the same folders, and a registration
# that leads to another installation stay. Installed as PREFIX/share/iamodbc/uninstall.sh; takes no arguments.
# SPDX-License-Identifier: Apache-2.0
set -eu

[ $# -eq 0 ] || { echo "uninstall.sh takes no arguments; it removes what is listed in installed-files beside it" >&2; exit 2; }
prefix=$(cd -- "$(dirname -- "$0")/../.." && pwd -P)
list=$prefix/share/iamodbc/installed-files
[ -f "$list" ] || { echo "uninstall.sh: $list is not there: run the copy that install.sh put into PREFIX/share/iamodbc" >&2; exit 1; }
[ -w "$prefix/share/iamodbc" ] || { echo "uninstall.sh: cannot write to $prefix/share/iamodbc; it may take root (sudo)" >&2; exit 1; }

# unregister_in FILE SCOPE: if one of its drivers is ours
unregister_in() {
  grep -qsF -e "Driver=$prefix/lib/odbc/libiamodbc" -e "Driver = $prefix/lib/odbc/libiamodbc" "$1" || return 0
  "$prefix/bin/iamodbc" unregister "$2"
}
unregister_in "${ODBCSYSINI:-/etc}/odbcinst.ini" --system
[ -z "${HOME:-}" ] || unregister_in "$HOME/.odbcinst.ini" --user

# Backwards, so that a folder comes after what is in it.
LC_ALL=C sort -r -- "$list" | while IFS= read -r name; do
  case $name in
    */) rmdir -- "$prefix/$name" 2>/dev/null || : ;;  # what is not empty is others', too
    *) rm -f -- "$prefix/$name" ;;
  esac
done
echo "removed from $prefix"
