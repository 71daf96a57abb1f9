"""The style of the HTML report: light or dark as the reader prefers, and fit to be printed."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--soft:#f3f4f6;--rule:#c9ccd1;--dim:#565b63;
--error:#a3100f;--warning:#7a4a00;--info:#0b4f8a;--valid:#0a5d2c;--mark:#fde9a9}
@media (prefers-color-scheme:dark){:root{--ink:#e8e8e8;--paper:#15171a;--soft:#202429;--rule:#41464d;--dim:#a9b0b8;
--error:#ff8f8a;--warning:#f2c063;--info:#8cc4ff;--valid:#7fd8a0;--mark:#564a12}}
body{font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;max-width:70rem;
padding:1rem}
h1,h2,h3{line-height:1.2}h2{border-top:1px solid var(--rule);padding-top:1rem;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:.5rem 0}caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{border-bottom:1px solid var(--rule);text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;
overflow-wrap:anywhere}
td.n,th.n{text-align:right;white-space:nowrap}
.error{color:var(--error)}.warning{color:var(--warning)}.info{color:var(--info)}.valid{color:var(--valid)}
.dim{color:var(--dim)}
ol.findings{list-style:none;padding:0}
ol.findings>li{border-left:.3rem solid currentColor;background:var(--soft);padding:.6rem .8rem;margin:.6rem 0}
ol.findings>li>*{color:var(--ink);margin:.2rem 0}
.head .error,.head .warning,.head .info{font-weight:700}
pre{background:var(--paper);border:1px solid var(--rule);padding:.4rem;overflow-x:auto;font-size:.85rem}
mark{background:var(--mark);color:inherit}
code{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.1rem .8rem}dt{color:var(--dim)}
dd{margin:0;overflow-wrap:anywhere}
@media print{:root{--ink:#000;--paper:#fff;--soft:#fff;--dim:#333}body{max-width:none;padding:0}
ol.findings>li{break-inside:avoid}pre{white-space:pre-wrap}}
"""
