"""What the page is compared with, run inside the browser: circles as SVG, a lasso without boxes."""

from __future__ import annotations

SVG_DRAW = """(count) => {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.id = "plain";
    svg.setAttribute("width", "700");
    svg.setAttribute("height", "700");
    svg.style.cssText = "position:fixed;left:0;top:0;z-index:99";
    const all = document.createElementNS(space, "g");
    const side = Math.ceil(Math.sqrt(count));
    for (let n = 0; n < count; n += 1) {
        const one = document.createElementNS(space, "circle");
        one.setAttribute("cx", String((700 * (n % side)) / side));
        one.setAttribute("cy", String((700 * Math.floor(n / side)) / side));
        one.setAttribute("r", "2.5");
        one.setAttribute("fill", "none");
        one.setAttribute("stroke", "#3ddc97");
        all.append(one);
    }
    svg.append(all);
    document.body.append(svg);
}"""
SVG_RECOLOUR = """() => {
    window.turn = (window.turn ?? 0) + 1;
    const inks = ["#56b4e9", "#f0e442", "#3ddc97"];
    document.querySelectorAll("#plain circle").forEach((one, n) =>
        one.setAttribute("stroke", inks[(n + window.turn) % 3]));
}"""
SVG_PAN = """async (frames) => {
    const all = document.querySelector("#plain g");
    for (let n = 0; n < frames; n += 1) {
        all.setAttribute("transform", `translate(${n} ${n / 2})`);
        await new Promise((drawn) => requestAnimationFrame(drawn));
    }
}"""
SVG_CLEAR = "() => document.querySelector('#plain').remove()"
#: ours and one that asks every edge for every hole, on the same lattice and the same wavy circle
EVERY_EDGE = """({ holes, points, times }) => {
    const side = Math.ceil(Math.sqrt(holes));
    const x = Float64Array.from({ length: holes }, (_, n) => (1000 * (n % side)) / side);
    const y = Float64Array.from({ length: holes }, (_, n) => (1000 * Math.floor(n / side)) / side);
    const line = Array.from({ length: points }, (_, n) => {
        const angle = (2 * Math.PI * n) / points;
        const far = 220 + 30 * Math.sin(9 * angle);
        return { x: 500 + far * Math.cos(angle), y: 500 + far * Math.sin(angle) };
    });
    const plain = () => {
        const found = [];
        for (let row = 0; row < holes; row += 1) {
            let inside = false;
            for (let now = 0, before = points - 1; now < points; before = now, now += 1) {
                const [a, b] = [line[now], line[before]];
                const crosses = a.y > y[row] !== b.y > y[row];
                if (crosses && x[row] < ((b.x - a.x) * (y[row] - a.y)) / (b.y - a.y) + a.x)
                    inside = !inside;
            }
            if (inside) found.push(row);
        }
        return found;
    };
    const timed = (act) => {
        const ms = [];
        let count = 0;
        for (let n = 0; n < times; n += 1) {
            const began = performance.now();
            count = act().length;
            ms.push(performance.now() - began);
        }
        return { ms, count };
    };
    return { ours: timed(() => window.lasso.enclosed({ x, y }, line)), plain: timed(plain) };
}"""
