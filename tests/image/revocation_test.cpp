#include <doctest/doctest.h>

#include "issu/image/bundle.hpp"
#include "tests/image/signed_bundle.hpp"

namespace issu {
namespace {

const tests::SignedBundle& made() {
  static const tests::SignedBundle bundle("issu-test", "10.3");
  return bundle;
}

const tests::Keys& stranger() {
  static const tests::Keys keys(made().dir() / "stranger");
  return keys;
}

std::string text_of(const std::filesystem::path& file) {
  const auto text = read_file(file);
  REQUIRE(text);
  return *text;
}

/// What opening the good image says with a keyring of its authority and these lists behind it;
/// empty: it was opened.
std::string said_with(const std::string& lists) {
  const auto keyring = made().dir() / "with-lists.pem";
  REQUIRE(write_file_atomic(keyring, text_of(made().keyring()) + lists));
  const auto bundle = image::open_bundle(made().file(), keyring);
  if (bundle) {
    return "";
  }
  CHECK(bundle.error().kind() == ErrorKind::refused);
  CHECK_FALSE(bundle.error().hint().empty());
  return bundle.error().message();
}

bool has(const std::string& text, const std::string& part) {
  CAPTURE(text);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

TEST_CASE("an image of a signer on the revocation list of the keyring is refused") {
  const std::string empty = made().keys().revocations({});
  CHECK(said_with(empty) == "");
  const std::string list = made().keys().revocations({made().keys().certificate()});
  has(said_with(list), "signed with a certificate that was revoked: CN=signer of keys");
}

TEST_CASE("a revocation list that is not valid today answers nothing") {
  has(said_with(made().keys().revocations({}, "20200101000000Z", "20200201000000Z")),
      "is not valid today");
  has(said_with(made().keys().revocations({}, "20980101000000Z", "20990201000000Z")),
      "is not valid today");
}

TEST_CASE("a keyring with lists of others has none of the signer's authority") {
  has(said_with(text_of(stranger().keyring()) + stranger().revocations({})),
      "has lists of others, and none of its authority");
  CHECK(said_with(text_of(stranger().keyring()) + stranger().revocations({}) +
                  made().keys().revocations({})) == "");
}

TEST_CASE("a list that somebody else signed in the authority's name is refused") {
  const tests::Keys same_name(made().dir() / "again" / "keys");
  CHECK_FALSE(said_with(same_name.revocations({})).empty());
}

TEST_CASE("a keyring that is damaged behind its first certificate is not taken by half") {
  std::string list = made().keys().revocations({made().keys().certificate()});
  list[list.size() / 2] = '*';
  has(said_with(list), "is damaged");
  has(said_with(list.substr(0, list.size() / 2)), "is damaged");
}

}  // namespace
}  // namespace issu
