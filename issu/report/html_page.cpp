#include "issu/report/html.hpp"
#include "issu/report/html_parts.hpp"

namespace issu::report {
namespace {

// Colours are told twice, never by colour alone: a word or a mark stands beside each.
constexpr std::string_view styles = R"(
:root{color-scheme:light dark;--bg:#fbfbfa;--panel:#fff;--ink:#1c2024;--soft:#5b6470;--line:#d9dde2;
--head:#f2f4f6;--good:#156f3b;--good-bg:#e3f4e9;--bad:#b3261e;--bad-bg:#fce8e6;--warn:#8a5a00;
--warn-bg:#fdf1d8;--none:#5b6470;--none-bg:#eceff2;--recv:#2f6fb5;--recv-bg:#c9dcf1;--lost:#c8281f;
--up:#2f8f5b;--down:#c8281f;--dark:#3b424b22;--phase:#dfe5ec;--phase-dark:#b9c2cd}
@media (prefers-color-scheme:dark){:root{--bg:#14171a;--panel:#1c2024;--ink:#e6e9ec;--soft:#9aa5b1;
--line:#343b43;--head:#23282e;--good:#7ed6a0;--good-bg:#16351f;--bad:#ff9d94;--bad-bg:#4a1d1a;
--warn:#f2c877;--warn-bg:#43340f;--none:#a9b3bd;--none-bg:#2a3037;--recv:#7db4ee;--recv-bg:#2a4a6c;
--lost:#ff7a70;--up:#4fb37d;--down:#ff7a70;--dark:#ffffff1c;--phase:#323a43;--phase-dark:#4d5762}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI","DejaVu Sans",
Arial,sans-serif}
main{max-width:1120px;margin:0 auto;padding:28px 20px 48px}
h1{font-size:25px;line-height:1.25;margin:0 0 6px}
h2{font-size:19px;margin:36px 0 10px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:16px;margin:26px 0 8px}
h4{font-size:14px;margin:18px 0 4px;color:var(--soft)}
p{margin:6px 0}.soft,.below{color:var(--soft)}code{font:13px/1.4 "DejaVu Sans Mono",monospace}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(158px,1fr));gap:12px;margin:18px 0}
.card{background:var(--panel);border:1px solid var(--line);border-left:4px solid var(--none);
border-radius:6px;padding:10px 14px}
.card.good{border-left-color:var(--good)}.card.bad{border-left-color:var(--bad)}
.card .name{font-size:13px;color:var(--soft)}.card .below{font-size:13px}
.card .figure{font-size:23px;font-weight:600;font-variant-numeric:tabular-nums}
.card.bad .figure{color:var(--bad)}.card.unknown .figure{font-size:18px;color:var(--none)}
.badge{display:inline-block;padding:2px 10px;border-radius:12px;font-size:13px;font-weight:600;
vertical-align:middle;background:var(--none-bg);color:var(--none)}
.badge.good{background:var(--good-bg);color:var(--good)}
.badge.bad{background:var(--bad-bg);color:var(--bad)}
.badge.warn{background:var(--warn-bg);color:var(--warn)}
.note{border-left:4px solid var(--warn);background:var(--warn-bg);padding:8px 14px;margin:10px 0;
border-radius:0 6px 6px 0}
.note.bad{border-color:var(--bad);background:var(--bad-bg)}.note ul{margin:2px 0;padding-left:20px}
.scroll{overflow-x:auto;margin:10px 0}
table{border-collapse:collapse;width:100%;background:var(--panel);border:1px solid var(--line);
font-size:14px}
th,td{padding:6px 12px;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
thead th{background:var(--head);font-size:13px;color:var(--soft);font-weight:600;vertical-align:bottom}
tbody th{font-weight:500}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}tr.s th[scope=row]{white-space:nowrap}
tr.bad th,tr.bad td{background:var(--bad-bg)}tr.unknown td,tr.unknown th{color:var(--none)}
dl{display:grid;grid-template-columns:minmax(170px,300px) 1fr;gap:3px 18px;margin:6px 0;
font-size:14px}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
figure{margin:12px 0;background:var(--panel);border:1px solid var(--line);border-radius:6px;
padding:12px 8px 4px;overflow-x:auto}
figure svg{display:block;min-width:860px;width:100%;height:auto}
figcaption{font-size:13px;color:var(--soft);padding:4px 8px 8px}
svg text{font:12px system-ui,"Segoe UI","DejaVu Sans",Arial,sans-serif;fill:var(--ink)}
svg .s{fill:var(--soft)}svg .e{text-anchor:end}svg .m{text-anchor:middle}
svg .grid{stroke:var(--line);stroke-width:1}svg .dark{fill:var(--dark)}
svg .phase{fill:var(--phase);stroke:var(--panel)}svg .phase.d{fill:var(--phase-dark)}
svg .phase.f{fill:var(--bad-bg);stroke:var(--bad)}
svg .recv{fill:var(--recv-bg);stroke:var(--recv);stroke-width:1.2}
svg .sent{fill:none;stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}
svg .lost{fill:var(--lost)}svg .up{fill:var(--up)}svg .down{fill:var(--down)}
svg .unknown{fill:var(--none-bg);stroke:var(--none);stroke-dasharray:4 3}svg .bad{fill:var(--bad)}
footer{margin-top:40px;padding-top:12px;border-top:1px solid var(--line);font-size:13px;
color:var(--soft)}
@media print{body{background:#fff}main{max-width:none;padding:0}figure,table,.card{break-inside:avoid}}
)";

}  // namespace

std::string html_page(const std::string& title, const std::string& body) {
  // The policy lets nothing be fetched and no script run, whatever a name in the page says.
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>" +
      escaped(title) + "</title>\n<style>";
  html += styles;
  html += "</style>\n</head>\n<body>\n<main>\n" + body +
          "<footer>Written by issu. Packets and sessions were counted outside the router; nothing "
          "here was read from the router's own counters, except what its NPU's tables hold. What "
          "was not measured is said to be so and is never shown as 0.</footer>\n"
          "</main>\n</body>\n</html>\n";
  return html;
}

}  // namespace issu::report
