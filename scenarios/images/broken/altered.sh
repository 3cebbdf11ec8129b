# shellcheck shell=sh
# shellcheck disable=SC2034 # what it sets is for the scripts that read it in
#
# What the scripts in front of bgpd share. Lies beside the real bgpd in a broken image.

real=/usr/lib/frr/real/bgpd
altered=/run/frr/bgpd.altered.conf
asn=
neighbors=

# look_at WORDS OF A LINE: remembers the AS number and the neighbours.
look_at() {
  case "$1 $2" in
    'router bgp') asn=$3 ;;
    'neighbor '*)
      case " $neighbors " in
        *" $2 "*) ;;
        *) neighbors="$neighbors $2" ;;
      esac
      ;;
  esac
}

# copy_configuration ARGUMENTS OF BGPD: copies the configuration that bgpd would read to $altered.
# Of what is not for bgpd in a common frr.conf it complains in its log and goes on.
copy_configuration() {
  config=/etc/frr/bgpd.conf
  [ ! -e /etc/frr/frr.conf ] || config=/etc/frr/frr.conf
  previous=
  for word in "$@"; do
    case $word in
      --config_file=*) config=${word#*=} ;;
      --version | -v | --help | -h) exec "$real" "$@" ;;
    esac
    case $previous in
      -f | --config_file) config=$word ;;
    esac
    previous=$word
  done
  set -f
  while IFS= read -r line || [ -n "$line" ]; do
    printf '%s\n' "$line"
    # shellcheck disable=SC2086 # its words are what is looked at
    look_at $line
  done <"$config" >"$altered"
}
