#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"

namespace issu::tests {

/// An authority and a signer of its own, made by the openssl program in a folder of the test.
class Keys {
 public:
  /// `usage`: the signer's extendedKeyUsage. `days`: how long the signer's certificate is valid;
  /// below 0 it has expired.
  explicit Keys(const std::filesystem::path& folder,
                const std::string& usage = "codeSigning,emailProtection", int days = 30)
      : folder_(folder) {
    REQUIRE(make_dirs(folder));
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "30", "-subj", "/CN=authority of " + folder.filename().string(), "-addext",
             "basicConstraints=critical,CA:TRUE", "-keyout", "ca.key", "-out", "ca.pem"});
    openssl({"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-subj", "/CN=signer of " + folder.filename().string(), "-keyout", "signer.key",
             "-out", "signer.csr"});
    REQUIRE(write_file_atomic(folder / "signer.ext",
                              "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=" + usage +
                                  "\nkeyUsage=critical,digitalSignature\n"));
    openssl({"x509", "-req", "-in", "signer.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
             "-CAcreateserial", "-days", std::to_string(days), "-extfile", "signer.ext", "-out",
             "signer.pem"});
  }

  [[nodiscard]] std::filesystem::path keyring() const { return folder_ / "ca.pem"; }
  [[nodiscard]] std::filesystem::path certificate() const { return folder_ / "signer.pem"; }
  [[nodiscard]] std::filesystem::path key() const { return folder_ / "signer.key"; }

  /// A revocation list of the authority (PEM) with these certificates on it, valid from `from` to
  /// `until` ("20260131000000Z").
  [[nodiscard]] std::string revocations(const std::vector<std::filesystem::path>& certificates,
                                        const std::string& from = "20200101000000Z",
                                        const std::string& until = "20990101000000Z") const {
    REQUIRE(write_file_atomic(folder_ / "index", ""));
    REQUIRE(write_file_atomic(folder_ / "ca.cnf",
                              "[ca]\ndefault_ca=here\n[here]\ndatabase=index\ndefault_md=sha256\n"
                              "certificate=ca.pem\nprivate_key=ca.key\n"));
    for (const auto& certificate : certificates) {
      openssl({"ca", "-config", "ca.cnf", "-revoke", certificate.string()});
    }
    openssl({"ca", "-config", "ca.cnf", "-gencrl", "-crl_lastupdate", from, "-crl_nextupdate",
             until, "-out", "list.pem"});
    const auto list = read_file(folder_ / "list.pem");
    REQUIRE(list);
    return *list;
  }

 private:
  void openssl(Argv argv) const {
    argv.insert(argv.begin(), "openssl");
    RunOptions options;
    options.folder = folder_;
    const auto said = run_checked(argv, options);
    REQUIRE_MESSAGE(said.has_value(), (said ? "" : said.error().message()));
  }

  std::filesystem::path folder_;
};

}  // namespace issu::tests
