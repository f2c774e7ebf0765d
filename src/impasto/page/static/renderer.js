"use strict";
/*
 * The map drawn with WebGL2: every painting as a mark, and over the marks those with room as
 * themselves.
 */
(() => {
  const SMALL_LAYERS = 96,
    LARGE_LAYERS = 24,
    LARGE_LAYERS_PHONE = 10;
  const MOST_ROOM = 12; // a few that are meant are drawn as if no fewer than this part of all were
  const FIRST = 13,
    FULL = 19; // pixels of a painting: from here it begins to show, from here it is all there
  // windows' sides around the window that are made ready with it, so that a pan has what it needs
  const MARGIN = 0.2;
  // paintings that walk over as pictures when the map is changed; more walk as marks
  const WALKERS = 4000;
  const COARSE = 20000; // marks while something moves on a slow machine
  // of 4 bytes in a corner of a picture: origin, target, colour, look, place, nothing
  const WORDS = 8;

  /**
   * Sizes in pixels at a zoom: of a mark, of a mark that is not meant and of a picture (halves),
   * and how far pictures show (0 … 1). The fewer of `count` paintings are meant, the more room has
   * each.
   */
  function sizes(count, meant, camera) {
    // Paintings that lay evenly over the map would stand so far apart when all of it is seen
    const apart = (many) => (2 * camera.scale) / camera.z / Math.sqrt(many);
    // Growing less than the map does lets them come apart as one comes nearer
    const grown = (many) =>
      Math.min(0.85 * apart(many) * camera.z ** 0.72, 0.42 * Math.min(camera.width, camera.height));
    const half = (side) => Math.min(Math.max(0.42 * side, 2.1), 6),
      side = grown(Math.max(meant, count / MOST_ROOM, 1));
    const shown = Math.min(Math.max((side - FIRST) / (FULL - FIRST), 0), 1);
    // Under pictures marks are only for those that are still on their way
    return {
      mark: shown < 1 ? half(side) : 2.5,
      quietMark: 0.62 * half(grown(count)),
      picture: side / 2,
      shown,
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
      Object.assign(this, { box: null, seen: null, drawn: 0, room: 0 });
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
        [1, gl.UNSIGNED_INT],
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
     * one on top.
     */
    dress(grouping, mask, chosen) {
      const { count, data } = this,
        packed = (hex) => new Uint32Array(Uint8Array.of(...Impasto.hexBytes(hex), 255).buffer)[0];
      const quiet = packed(Impasto.quiet()),
        known = grouping.colours.map(packed);
      const years = grouping.share
        ? Array.from({ length: 101 }, (_, i) => packed(Impasto.yearColour(i / 100)))
        : [];
      this.colours = new Uint32Array(count);
      // bytes: shape, whether it is not meant, shape of the picture
      this.looks = new Uint32Array(count);
      for (let row = 0; row < count; row++) {
        const group = grouping.of[row],
          share = grouping.share ? grouping.share(row) : -1;
        const none = group < 0 && share < 0;
        this.colours[row] =
          share >= 0 ? years[Math.round(100 * share)] : none ? quiet : known[group];
        const shape =
          share >= 0 || grouping.kind === "none" ? 0 : none ? 5 : grouping.shapes[group];
        this.looks[row] = shape | (mask[row] ? 0 : 256) | (data.ratio[row] << 16);
      }
      let place = 0;
      for (const wanted of [0, 1]) {
        for (let row = 0; row < count; row++)
          if ((mask[row] ? 1 : 0) === wanted && row !== chosen) this.order[place++] = row;
        if (!wanted) this.meant = count - place;
      }
      if (chosen >= 0) this.order[place] = chosen;
      for (let at = 0; at < count; at++) this.rank[this.order[at]] = at;
      Object.assign(this, { mask, framed: grouping.kind === "none" ? 0 : 1 });
      this.fill(this.buffers[2], this.ordered(this.colours, 1));
      this.fill(this.buffers[3], this.ordered(this.looks, 1));
      this.move(this.from, this.to);
    }

    /** Sizes at a zoom, of this study with as many meant as there are. */
    sizes(camera) {
      return sizes(this.count, this.meant, camera);
    }

    /**
     * Make ready what is in the window and around it, `most` marks of it, unless the last time
     * holds it still.
     */
    prepare(camera, grid, walking, most) {
      const [left, bottom, right, top] = camera.seen(),
        { box, gl } = this,
        { shown } = this.sizes(camera);
      const kept = box && left >= box[0] && bottom >= box[1] && right <= box[2] && top <= box[3];
      if (kept && this.zoom === camera.z && this.walking === walking && this.most === most) return;
      Object.assign(this, { zoom: camera.z, walking, most });
      const all = walking || !grid;
      this.box = all ? [-9, -9, 9, 9] : camera.seen(MARGIN * Math.max(camera.width, camera.height));
      const ranks = new Uint32Array(this.count);
      let many = 0;
      if (!all)
        grid.within(this.box, (row) => {
          ranks[many++] = this.rank[row];
        });
      const some =
        all || many > 0.9 * this.count
          ? ranks.map((_, place) => place)
          : ranks.subarray(0, many).sort();
      const step = Math.ceil(some.length / most);
      this.seen = step > 1 ? some.filter((_, place) => place % step === 0) : some;
      if (this.seen.length === this.count) this.seen = null;
      else {
        gl.bindVertexArray(this.points);
        gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, this.seen, gl.DYNAMIC_DRAW);
      }
      this.lay(shown > 0 && !(walking && this.meant > WALKERS) ? some : ranks.subarray(0, 0));
    }

    /** Two triangles for each of some paintings, given by rank, that is meant. */
    lay(ranks) {
      const { gl, order, mask, from, to } = this,
        words = new Uint32Array(4 * WORDS * ranks.length);
      const floats = new Float32Array(words.buffer);
      let at = 0;
      this.drawn = 0;
      for (const rank of ranks) {
        const row = order[rank];
        if (!mask[row]) continue;
        for (let corner = 0; corner < 4; corner++, at += WORDS) {
          floats[at] = from[2 * row];
          floats[at + 1] = from[2 * row + 1];
          floats[at + 2] = to[2 * row];
          floats[at + 3] = to[2 * row + 1];
          words[at + 4] = this.colours[row];
          words[at + 5] = this.looks[row] | (corner << 8);
          words[at + 6] = this.data.place[row];
        }
        this.drawn++;
      }
      this.fill(this.corners, words.subarray(0, at));
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
     * Draw the map; `grid` tells what is where, and is null while paintings walk; `coarse`:
     * thousands of marks will do.
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

    /** Ask for the sheets of what is seen at this zoom. */
    gather(camera, grid, mask) {
      const { picture, shown } = this.sizes(camera);
      if (shown <= 0) return;
      const fine = 2 * picture * (devicePixelRatio || 1) > this.pictures.levels[0].tile * 1.25;
      const counts = [new Map(), new Map()];
      grid.within(camera.seen(picture), (row) => {
        if (!mask[row]) return;
        for (let level = 0; level < (fine ? 2 : 1); level++) {
          const { sheet } = this.pictures.find(level, row);
          counts[level].set(sheet, (counts[level].get(sheet) ?? 0) + 1);
        }
      });
      this.layers[0].want(counts[0]);
      if (fine) this.layers[1].want(counts[1]);
    }
  }

  Object.assign(Impasto, { Renderer, sizes });
})();
