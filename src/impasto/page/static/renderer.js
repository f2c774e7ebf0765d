"use strict";
/*
 * The map drawn with WebGL2: every painting as a mark, and over the marks those with room as
 * themselves.
 */
(() => {
  const SMALL_LAYERS = 96,
    LARGE_LAYERS = 24,
    LARGE_LAYERS_PHONE = 10;
  // pixels of a picture's longer side when everything is seen: the largest that shows so many
  const SIDES = [42, 36, 30, 26, 22],
    ENOUGH = 220, // pictures, or
    PART = 0.3, // this part of all, if that is less
    MOST = 130;
  const GROWTH = 0.5; // pictures grow with this power of the zoom: less than the map, which opens
  const STEPS = 3; // for each doubling of the zoom the sample is taken anew so often
  const DOT = 3; // pixels: a picture that is smaller is drawn as a mark
  // windows' sides around the window that are made ready with it, so that a pan has what it needs
  const MARGIN = 0.2;
  const COARSE = 20000; // marks while something moves on a slow machine
  // of 4 bytes in a corner of a picture: origin, target, colour, look, places in the sheets
  const WORDS = 8;

  /**
   * Sizes in pixels at a zoom: of a mark, of a mark that is not meant (halves), of a picture
   * (half; 0: none), and of a picture in units of the map. The fewer of `count` paintings are
   * `meant`, the more room has each, and no less than `least` pixels; `factor` is the visitor's.
   */
  function sizes(count, meant, camera, { least = SIDES[0], factor = 1, cell = 0 } = {}) {
    const { width, height, scale, z } = camera,
      first = camera.whole.z,
      // Paintings that lay evenly over the window would stand so far apart
      apart = (many) => (Math.sqrt((width * height) / Math.max(many, 1)) * z) / first;
    const half = (side) => Math.min(Math.max(0.16 * side, 2.1), 6);
    const even = 0.7 * Math.sqrt((width * height) / Math.max(meant, 1)),
      step = Math.round(STEPS * Math.log2(z / first)) / STEPS,
      grown = factor * Math.min(Math.max(even, least), MOST) * 2 ** (GROWTH * step);
    const bounded = Math.min(grown, 0.42 * Math.min(width, height));
    let side = bounded / (scale * ((first * 2 ** step) / z));
    // Where each has a place of its own, it fills the place, unless that is too small to see
    if (cell && 0.94 * cell * scale >= DOT) side = 0.94 * cell;
    return {
      mark: half(apart(meant)),
      quietMark: 0.62 * half(apart(count)),
      picture: (side * scale) / 2,
      side,
    };
  }

  class Renderer {
    /** `ready` is called when a picture has come and the map should be drawn again. */
    constructor(canvas, data, pictures, ready) {
      const gl = canvas.getContext("webgl2", {
        alpha: true,
        antialias: false,
        depth: false,
        powerPreference: "high-performance",
      });
      if (!gl) throw new Error("no WebGL2");
      Object.assign(this, { canvas, gl, data, pictures, count: data.count, meant: data.count });
      this.marks = Impasto.program(gl, Impasto.MARKS);
      this.quads = Impasto.program(gl, Impasto.PICTURES);
      const phone = Math.min(screen.width, screen.height) < 600;
      this.layers = [
        new Impasto.Layers(gl, pictures, 0, SMALL_LAYERS, ready),
        new Impasto.Layers(gl, pictures, 1, phone ? LARGE_LAYERS_PHONE : LARGE_LAYERS, ready),
      ];
      // in which they are drawn
      this.order = Uint32Array.from({ length: this.count }, (_, row) => row);
      this.rank = this.order.slice(); // of a row in that order
      this.from = this.to = new Float32Array(2 * this.count);
      this.buffers = Array.from({ length: 4 }, () => gl.createBuffer());
      Object.assign(this, {
        some: gl.createBuffer(),
        corners: gl.createBuffer(),
        triangles: gl.createBuffer(),
      });
      Object.assign(this, { box: null, seen: null, drawn: 0, room: 0, factor: 1, cell: 0 });
      this.least = SIDES[0];
      this.tried = Impasto.sampleOrder(data);
      this.rows = []; // of the paintings that are drawn as pictures
      this.pictured = new Uint8Array(data.count); // 1: drawn as a picture
      this.arrays();
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    }

    /** How the buffers are read. */
    arrays() {
      const { gl } = this;
      this.points = gl.createVertexArray();
      gl.bindVertexArray(this.points);
      const kinds = [
        [2, gl.FLOAT],
        [2, gl.FLOAT],
        [4, gl.UNSIGNED_BYTE],
        [4, gl.UNSIGNED_BYTE],
        [2, gl.UNSIGNED_INT],
      ];
      const read = (at, stride, offset) => {
        const [many, type] = kinds[at];
        if (at < 3) gl.vertexAttribPointer(at, many, type, at === 2, stride, offset);
        else gl.vertexAttribIPointer(at, many, type, stride, offset);
        gl.enableVertexAttribArray(at);
      };
      this.buffers.forEach((buffer, at) => {
        gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
        read(at, 0, 0);
      });
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.some);
      this.squares = gl.createVertexArray();
      gl.bindVertexArray(this.squares);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.corners);
      [0, 8, 16, 20, 24].forEach((offset, at) => read(at, 4 * WORDS, offset));
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.triangles);
      gl.bindVertexArray(null);
    }

    fill(buffer, values) {
      const { gl } = this;
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    }

    /** Numbers (`each` a painting, 1 or 2) in the order in which paintings are drawn. */
    ordered(values, each) {
      const out = new values.constructor(values.length),
        { order, count } = this;
      for (let place = 0; place < count; place++) {
        const row = order[place];
        for (let i = 0; i < each; i++) out[place * each + i] = values[row * each + i];
      }
      return out;
    }

    /** Where paintings go: from where they are (x and y in turn) to where they are to be. */
    move(from, to) {
      Object.assign(this, { from, to, box: null });
      this.fill(this.buffers[0], this.ordered(from, 2));
      this.fill(this.buffers[1], from === to ? this.ordered(from, 2) : this.ordered(to, 2));
    }

    /**
     * How paintings look: by groups, those outside of `mask` quietly below the others, the `chosen`
     * one on top; of a `highlight`ed group (-1: none) the others are quiet. Where a grouping knows
     * only some paintings, such as those that were judged, the rest is ground.
     */
    dress(grouping, mask, chosen, highlight = -1) {
      const { count, data } = this,
        packed = (hex) => new Uint32Array(Uint8Array.of(...Impasto.hexBytes(hex), 255).buffer)[0];
      const quiet = packed(Impasto.quiet()),
        known = grouping.colours.map(packed);
      if (highlight >= 0 && grouping.colours[highlight] === Impasto.quiet())
        known[highlight] = packed(Impasto.colour(1));
      const years = grouping.share
        ? Array.from({ length: 101 }, (_, i) => packed(Impasto.yearColour(i / 100)))
        : [];
      this.colours = new Uint32Array(count);
      // bytes: shape, whether it is not meant, shape of the picture
      this.looks = new Uint32Array(count);
      this.wanted = new Uint8Array(count);
      for (let row = 0; row < count; row++) {
        const group = grouping.of[row],
          share = grouping.share ? grouping.share(row) : -1;
        const none = group < 0 && share < 0;
        this.colours[row] =
          share >= 0 ? years[Math.round(100 * share)] : none ? quiet : known[group];
        const shape =
          share >= 0 || grouping.kind === "none" ? 0 : none ? 5 : grouping.shapes[group];
        this.wanted[row] =
          mask[row] &&
          (highlight < 0 || group === highlight) &&
          !(grouping.partial && none && row !== chosen);
        this.looks[row] = shape | (this.wanted[row] ? 0 : 256) | (data.ratio[row] << 16);
      }
      let place = 0;
      for (const wanted of [0, 1]) {
        for (let row = 0; row < count; row++)
          if (this.wanted[row] === wanted && row !== chosen) this.order[place++] = row;
        if (!wanted) this.meant = count - place;
      }
      if (chosen >= 0) this.order[place] = chosen;
      for (let at = 0; at < count; at++) this.rank[this.order[at]] = at;
      const asked = [grouping, mask, highlight];
      if (!this.asked?.every((value, i) => value === asked[i])) this.fitted = null;
      Object.assign(this, { chosen, asked, framed: grouping.kind === "none" ? 0 : 1 });
      this.fill(this.buffers[2], this.ordered(this.colours, 1));
      this.fill(this.buffers[3], this.ordered(this.looks, 1));
      this.move(this.from, this.to);
    }

    /** Sizes at a zoom, of this study with as many meant as there are. */
    sizes(camera) {
      return sizes(this.count, this.meant, camera, this);
    }

    /** The largest usual size that shows enough pictures when everything is seen. */
    fitting(camera, grid) {
      const { scale, z, whole } = camera,
        unit = (scale * whole.z) / z,
        enough = Math.min(ENOUGH, PART * this.meant);
      const shows = (side) =>
        Impasto.sample({
          grid,
          wanted: this.wanted,
          box: grid.box,
          side: side / unit,
          ratio: this.data.ratio,
          order: this.tried,
          first: -1,
        }).length;
      const key = [unit, ...grid.box].join();
      if (this.fitted === key) return;
      this.fitted = key;
      this.least = grid.cell
        ? SIDES[0]
        : (SIDES.find((side) => shows(side) >= enough) ?? SIDES.at(-1));
    }

    /**
     * Make ready what is in the window and around it, `most` marks of it, unless the last time
     * holds it still.
     */
    prepare(camera, grid, walking, most) {
      const [left, bottom, right, top] = camera.seen(),
        { box } = this;
      this.cell = grid.cell;
      this.fitting(camera, grid);
      const { side } = this.sizes(camera);
      const kept = box && left >= box[0] && bottom >= box[1] && right <= box[2] && top <= box[3];
      if (
        kept &&
        this.zoom === camera.z &&
        this.side === side &&
        this.walking === walking &&
        this.most === most
      )
        return;
      const sampled =
        kept && this.side === side && this.walking === walking && this.factored === this.factor;
      Object.assign(this, { zoom: camera.z, walking, most, side, factored: this.factor });
      if (!kept || walking)
        this.box = walking
          ? [-9, -9, 9, 9]
          : camera.seen(MARGIN * Math.max(camera.width, camera.height));
      this.marksIn(grid, walking, most);
      if (!sampled) this.picturesIn(camera, grid, side);
    }

    /** Marks of the box; all of them while they walk. */
    marksIn(grid, walking, most) {
      const { gl } = this,
        ranks = new Uint32Array(this.count);
      let many = 0;
      if (!walking)
        grid.within(this.box, (row) => {
          ranks[many++] = this.rank[row];
        });
      const all = walking || many > 0.9 * this.count,
        some = all ? ranks.map((_, place) => place) : ranks.subarray(0, many).sort();
      const step = Math.max(1, some.length / most);
      this.seen =
        step > 1
          ? Uint32Array.from({ length: most }, (_, i) => some[Math.floor(i * step)])
          : all
            ? null
            : some;
      if (!this.seen) return;
      gl.bindVertexArray(this.points);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, this.seen, gl.DYNAMIC_DRAW);
    }

    /** Pictures of the box: the largest sample that does not overlap. */
    picturesIn(camera, grid, side) {
      const { gl, from, to, data } = this;
      for (const row of this.rows) this.pictured[row] = 0;
      this.rows =
        2 * this.sizes(camera).picture < DOT
          ? []
          : Impasto.sample({
              grid,
              wanted: this.wanted,
              box: this.box,
              side,
              ratio: data.ratio,
              order: this.tried,
              first: this.chosen,
            });
      const words = new Uint32Array(4 * WORDS * this.rows.length),
        floats = new Float32Array(words.buffer);
      let at = 0;
      for (const row of this.rows) {
        this.pictured[row] = 1;
        for (let corner = 0; corner < 4; corner++, at += WORDS) {
          floats[at] = from[2 * row];
          floats[at + 1] = from[2 * row + 1];
          floats[at + 2] = to[2 * row];
          floats[at + 3] = to[2 * row + 1];
          words[at + 4] = this.colours[row];
          words[at + 5] = (this.looks[row] & ~0xff00) | (corner << 8);
          words[at + 6] = data.small[row];
          words[at + 7] = data.large[row];
        }
      }
      this.drawn = this.rows.length;
      this.fill(this.corners, words);
      if (this.drawn <= this.room) return;
      this.room = Math.max(1024, 2 * this.drawn);
      const indices = Uint32Array.from(
        { length: 6 * this.room },
        (_, i) => 4 * Math.floor(i / 6) + [0, 1, 2, 2, 1, 3][i % 6],
      );
      gl.bindVertexArray(this.squares);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
    }

    /**
     * Draw the map; `grid` tells where paintings are, or where they walk to; `coarse`: thousands of
     * marks will do.
     */
    draw(camera, moved, wall, grid, coarse) {
      const { gl, canvas, pictures } = this,
        sized = this.sizes(camera);
      this.prepare(camera, grid, moved < 1, coarse ? COARSE : Infinity);
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      const set = ({ program, places }) => {
        gl.useProgram(program);
        const numbers = {
          ...sized,
          moved,
          density: canvas.width / camera.width,
          framed: this.framed,
        };
        for (const [name, value] of Object.entries(numbers))
          if (places[name]) gl.uniform1f(places[name], value);
        gl.uniform2f(places.window, camera.width, camera.height);
        gl.uniform3f(places.camera, camera.x, camera.y, camera.scale);
        gl.uniform4f(places.wall, ...Impasto.hexBytes(wall).map((v) => v / 255), 1);
      };
      set(this.marks);
      gl.bindVertexArray(this.points);
      if (this.seen) gl.drawElements(gl.POINTS, this.seen.length, gl.UNSIGNED_INT, 0);
      else gl.drawArrays(gl.POINTS, 0, this.count);
      if (!this.drawn) return;
      set(this.quads);
      const { places } = this.quads,
        [small, large] = pictures.levels;
      gl.uniform2i(places.across, small.across, large.across);
      gl.uniform2f(places.tileSize, small.tile, large.tile);
      this.textures(places);
      gl.bindVertexArray(this.squares);
      gl.drawElements(gl.TRIANGLES, 6 * this.drawn, gl.UNSIGNED_INT, 0);
      gl.bindVertexArray(null);
    }

    textures(places) {
      const { gl } = this,
        [small, large] = this.layers;
      const used = [
        ["smallSheets", gl.TEXTURE_2D_ARRAY, small.texture],
        ["smallLayers", gl.TEXTURE_2D, small.table],
        ["largeSheets", gl.TEXTURE_2D_ARRAY, large.texture],
        ["largeLayers", gl.TEXTURE_2D, large.table],
      ];
      used.forEach(([name, target, texture], unit) => {
        gl.activeTexture(gl.TEXTURE0 + unit);
        gl.bindTexture(target, texture);
        gl.uniform1i(places[name], unit);
      });
      // sheets that come are bound here, not over these
      gl.activeTexture(gl.TEXTURE0 + used.length);
    }

    /** Ask for the sheets of the pictures that are seen. */
    gather(camera, grid) {
      const { picture } = this.sizes(camera),
        { levels } = this.pictures,
        [left, bottom, right, top] = camera.seen(picture),
        counts = [new Map(), new Map()];
      for (const row of this.rows) {
        const x = grid.xy[2 * row],
          y = grid.xy[2 * row + 1];
        if (x < left || x > right || y < bottom || y > top) continue;
        for (const level of [0, 1]) {
          const { sheet } = this.pictures.find(level, row);
          counts[level].set(sheet, (counts[level].get(sheet) ?? 0) + 1);
        }
      }
      this.layers[0].want(counts[0]);
      // Large ones where the small are too coarse, and where all of those fit on the card
      const fine = 2 * picture * (devicePixelRatio || 1) > 1.25 * levels[0].tile;
      if (fine && counts[1].size <= this.layers[1].many) this.layers[1].want(counts[1]);
    }
  }

  Object.assign(Impasto, { Renderer, sizes });
})();
