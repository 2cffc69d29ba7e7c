#!/bin/sh
# Installs iamodbc from the folder that this script stands in, and registers it. `./install.sh --help` says how.
# SPDX-License-Identifier: Apache-2.0
set -eu
umask 022
export LC_ALL=C

usage() {
  cat <<'END'
./install.sh [--prefix DIR] [--user] [--no-register]

  --prefix DIR    where to install; default: /usr/local, with --user ~/.local
  --user          for this user alone: registers in ~/.odbcinst.ini instead of the system's odbcinst.ini
  --no-register   copies the files only

With DESTDIR=FOLDER in the environment everything is put below FOLDER (for a package of your own) and nothing is registered.
An older version under the same prefix is replaced. To remove it all: DIR/share/iamodbc/uninstall.sh
Exit status: 0 installed; 1 not; 2 an argument that there is not.
END
}

complain() { printf 'install.sh: %s\n' "$*" >&2; }
fail() { complain "$@"; exit 1; }

prefix=""
scope=--system
register=yes
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) [ $# -ge 2 ] || { usage >&2; exit 2; }; prefix=$2; shift ;;
    --prefix=*) prefix=${1#--prefix=} ;;
    --user) scope=--user ;;
    --no-register) register="" ;;
    -h | --help) usage; exit 0 ;;
    *) complain "there is no option '$1'"; usage >&2; exit 2 ;;
  esac
  shift
done
if [ -z "$prefix" ]; then
  prefix=/usr/local
  [ $scope = --system ] || prefix=${HOME:?}/.local
fi
case $prefix in
  /*) ;;
  *) prefix=$(pwd -P)/$prefix ;;
esac
root=${DESTDIR:-}
[ -z "$root" ] || register=""

here=$(cd -- "$(dirname -- "$0")" && pwd -P)
[ -x "$here/usr/bin/iamodbc" ] || fail "the folder usr with the files of iamodbc is not beside this script; unpack the whole archive"

# What a program or a driver needs and this system lacks.
if command -v ldd >/dev/null; then
  missing=$(ldd "$here/usr/bin/iamodbc" "$here"/usr/lib/odbc/*.so 2>&1 | grep -E 'not found' | sort -u) || :
  if [ -n "$missing" ]; then
    printf '%s\n' "$missing" >&2
    fail "these libraries are missing, or others are here than iamodbc was built for. On Debian 12: apt-get install libinih1 libc-ares2 libkeyutils1 libcurl4 libpugixml1v5 libodbc2 odbcinst"
  fi
fi

base=$root$prefix
mkdir -p -- "$base" 2>/dev/null && [ -w "$base" ] ||
  fail "cannot write to $base; for everybody it takes root (sudo), for yourself alone: ./install.sh --user"
[ -n "$root" ] || { prefix=$(cd -- "$prefix" && pwd -P); base=$prefix; }
libraries=$prefix/lib/odbc
list=$base/share/iamodbc/installed-files
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# folder PATH: makes it and those above it that are missing, and notes them, so that uninstalling takes away no others.
folder() {
  [ ! -d "$base/$1" ] || return 0
  case $1 in */*) folder "${1%/*}" ;; esac
  mkdir -- "$base/$1"
  printf '%s/\n' "$1" >>"$work/list"
}
# put SOURCE NAME: whole or not at all; a program that has the old file open keeps it.
put() {
  folder "${2%/*}"
  cp -- "$1" "$base/$2.new"
  mv -f -- "$base/$2.new" "$base/$2"
  printf '%s\n' "$2" >>"$work/list"
}

(cd -- "$here/usr" && find . -type f ! -name iamodbc.ini | sed 's|^\./||') >"$work/names"
while IFS= read -r name; do put "$here/usr/$name" "$name"; done <"$work/names"
# Where the libraries are, in what `odbcinst -i -d -f` reads.
sed "s|@IAMODBC_LIBRARY_FOLDER@|$(printf '%s' "$libraries" | sed 's/[|&\\]/\\&/g')|" "$here/usr/share/iamodbc/iamodbc.ini" \
  >"$work/iamodbc.ini"
put "$work/iamodbc.ini" share/iamodbc/iamodbc.ini
put "$here/uninstall.sh" share/iamodbc/uninstall.sh
echo share/iamodbc/installed-files >>"$work/list"
sort -o "$work/list" -- "$work/list"
if [ -f "$list" ]; then
  # What an older version had and this one has not goes; the folders that it made are ours still.
  comm -23 -- "$list" "$work/list" >"$work/old"
  while IFS= read -r name; do
    case $name in
      */) echo "$name" >>"$work/list" ;;
      *) rm -f -- "$base/$name" ;;
    esac
  done <"$work/old"
  sort -o "$work/list" -- "$work/list"
fi
cp -- "$work/list" "$list.new"
mv -f -- "$list.new" "$list"
echo "installed in $base"

if [ -n "$register" ]; then
  "$base/bin/iamodbc" register "$scope" || fail "the files are there, but the driver is not registered (above)"
  case :$PATH: in
    *":$prefix/bin:"*) ;;
    *) echo "$prefix/bin is not in PATH" ;;
  esac
else
  echo "not registered; do that with: $prefix/bin/iamodbc register $scope"
fi
echo "to remove it: $prefix/share/iamodbc/uninstall.sh"
