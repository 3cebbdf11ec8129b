# shellcheck shell=sh
# Read in by process 1 of a guest before it goes over to its root file system, where a zebra that
# runs and never answers is laid over the real one.
/bin/busybox rm -f /root/usr/lib/frr/zebra
/bin/busybox printf '#!/bin/sh\nexec /usr/bin/busybox sleep 1000000\n' >/root/usr/lib/frr/zebra
/bin/busybox chmod 755 /root/usr/lib/frr/zebra
