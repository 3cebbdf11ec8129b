# shellcheck shell=bash
# A certificate authority and a signer for the images of the drills. Sourced by
# scenarios/images/build. For drills only: whoever can read build/ can sign.

# make_keys OUT: OUT/keys/{ca.pem,ca.key,signer.pem,signer.key} and OUT/keyring.pem, made once.
make_keys() {
  local keys=$1/keys fresh
  if [ ! -s "$keys/ca.pem" ] || [ ! -s "$keys/signer.pem" ] || [ ! -s "$keys/signer.key" ]; then
    say "keys: a certificate authority and a signer for the drills"
    fresh=$(mktemp -d "$1/.keys.XXXXXX")
    quietly "$fresh/log" create_keys "$fresh" || { rm -rf "$fresh"; die "openssl made no keys"; }
    rm -rf "$keys" "$fresh/log" "$fresh"/*.csr "$fresh"/*.ext "$fresh"/*.srl
    mv "$fresh" "$keys"
  fi
  [ -s "$1/keyring.pem" ] && cmp -s "$keys/ca.pem" "$1/keyring.pem" ||
    install -m 644 "$keys/ca.pem" "$1/keyring.pem"
}

create_keys() {
  local folder=$1
  (
    umask 077
    openssl req -x509 -newkey rsa:3072 -nodes -sha256 -days 7300 \
      -subj "/O=ISSU drills/CN=drill image authority" \
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
      -keyout "$folder/ca.key" -out "$folder/ca.pem" &&
      openssl req -new -newkey rsa:3072 -nodes -sha256 \
        -subj "/O=ISSU drills/CN=drill image signer" \
        -keyout "$folder/signer.key" -out "$folder/signer.csr" &&
      # emailProtection is what CMS verification (and so RAUC) asks of a signer by default.
      printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature \
        extendedKeyUsage=codeSigning,emailProtection >"$folder/signer.ext" &&
      openssl x509 -req -sha256 -days 3650 -in "$folder/signer.csr" -CA "$folder/ca.pem" \
        -CAkey "$folder/ca.key" -CAcreateserial -extfile "$folder/signer.ext" \
        -out "$folder/signer.pem" &&
      chmod 755 "$folder" && chmod 644 "$folder"/*.pem
  )
}
