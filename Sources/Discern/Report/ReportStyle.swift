/// How a report looks: one column that a phone can show, in the light or the dark of the reader's system.
enum ReportStyle {
  static let css = """
    :root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#5b6470;--rule:#dfe3e8;--card:#f6f7f9;
    --c1:#1f6feb;--c2:#c2570c;--c3:#1a7f4b;--good:#1a7f4b;--bad:#c62f2f}
    @media (prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e6e9ed;--dim:#9aa4b0;--rule:#2e343c;--card:#1c2127;
    --c1:#6cb0ff;--c2:#f0975a;--c3:#5fcf93;--good:#5fcf93;--bad:#ff8a80}}
    *{box-sizing:border-box}
    body{margin:0 auto;max-width:60rem;padding:1rem 1rem 4rem;background:var(--bg);color:var(--fg);
    font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
    h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0 .25rem}h2{font-size:1.15rem;margin:2.2rem 0 .6rem;
    padding-top:.6rem;border-top:1px solid var(--rule)}
    p{margin:.4rem 0 .8rem}.dim,figcaption{color:var(--dim)}small,.small{font-size:.85rem}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.6rem;margin:1rem 0}
    .tile{background:var(--card);border-radius:.5rem;padding:.6rem .8rem}.tile b{display:block;font-size:1.45rem;
    font-variant-numeric:tabular-nums;line-height:1.3}.tile span{color:var(--dim);font-size:.85rem;display:block}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1rem}
    figure{margin:0}svg{width:100%;height:auto;display:block}
    .scroll{overflow-x:auto;margin:.4rem 0 1rem}table{border-collapse:collapse;font-size:.9rem;
    font-variant-numeric:tabular-nums;min-width:50%}
    th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid var(--rule);vertical-align:top;
    white-space:nowrap;overflow-wrap:normal}
    th{color:var(--dim);font-weight:600}.l{text-align:left}td.l{white-space:normal;overflow-wrap:anywhere;min-width:8rem}
    .matrix{min-width:0}.matrix td,.matrix th{padding:.2rem .35rem;min-width:2.1rem;text-align:center;border:0}
    .matrix .l{text-align:left;white-space:nowrap;overflow-wrap:normal}
    .mistake{background:var(--card);border-radius:.5rem;padding:.6rem .8rem;margin:.6rem 0}
    .mistake p{margin:.25rem 0}.text{white-space:pre-wrap}
    .good{color:var(--good)}.bad{color:var(--bad)}
    mark{background:none;color:inherit;border-radius:.25rem;padding:.05rem .2rem;box-decoration-break:clone;
    -webkit-box-decoration-break:clone;box-shadow:inset 0 0 0 1px var(--rule)}
    mark.right{box-shadow:inset 0 0 0 1px var(--good)}mark.wrong{box-shadow:inset 0 0 0 2px var(--bad)}
    mark small{color:var(--dim);margin-left:.3rem;font-size:.72rem}
    details{margin:.6rem 0}summary{cursor:pointer;color:var(--dim)}
    .t{font:11px system-ui,sans-serif;fill:var(--dim)}.h{font:600 12.5px system-ui,sans-serif;fill:var(--fg)}
    .g{stroke:var(--rule);stroke-width:1}.a{stroke:var(--dim);stroke-width:1}
    .d{stroke:var(--dim);stroke-width:1;stroke-dasharray:4 4}
    .n{fill:none;stroke-width:2;stroke-linejoin:round}.s1.n{stroke:var(--c1)}.s2.n{stroke:var(--c2)}
    .s3.n{stroke:var(--c3)}.s1.f{fill:var(--c1)}.s2.f{fill:var(--c2)}.s3.f{fill:var(--c3)}
    .b{opacity:.75}.o{opacity:.5}.w{stroke:var(--fg);stroke-width:1.5}.n2{font-size:10px}
    .text+.text{border-left:3px solid var(--rule);padding-left:.6rem}
    @media (max-width:32rem){table{font-size:.8rem}th,td{padding:.2rem .35rem;white-space:normal}
    td.l{min-width:4.5rem}
    .matrix td,.matrix th{min-width:1.7rem;padding:.15rem .25rem}}
    @media print{body{max-width:none}.mistake,figure{break-inside:avoid}}
    """
}
