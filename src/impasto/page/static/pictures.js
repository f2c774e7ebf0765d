"use strict";
/*
 * The paintings' pictures: sheets of many small JPEGs in one, in two sizes, loaded where they are
 * looked at. Sheets keep paintings together that lie together on the first map; the first sheet of
 * small ones is a sample of all.
 */
(() => {
  const DECODED = 16; // sheets kept decoded for lists and details, 4 MB each
  const AT_ONCE = 3; // sheets on their way to the graphics card

  /** The sheets of a study as bitmaps. */
  class Pictures {
    constructor(data) {
      this.data = data;
      this.levels = data.site.levels; // smallest first: {tile, across, sheets}
      this.blobs = new Map();
      this.bitmaps = new Map();
    }

    /** Where a painting is: {sheet, left, top} in pixels. */
    find(level, row) {
      const { tile, across } = this.levels[level],
        place = (level ? this.data.large : this.data.small)[row];
      const sheet = Math.floor(place / across ** 2),
        inner = place % across ** 2;
      return { sheet, left: (inner % across) * tile, top: Math.floor(inner / across) * tile };
    }

    blob(level, sheet) {
      const key = `sheets/${level}/${sheet}`;
      if (!this.blobs.has(key)) {
        const made = Impasto.load(key).then((text) => {
          Impasto.forget(key); // the text is a third larger than the picture
          return new Blob([Impasto.bytes(text)], { type: "image/jpeg" });
        });
        this.blobs.set(key, made);
      }
      return this.blobs.get(key);
    }

    /** A sheet decoded, off the main thread. */
    async decode(level, sheet) {
      return createImageBitmap(await this.blob(level, sheet), {
        premultiplyAlpha: "none",
        colorSpaceConversion: "none",
      });
    }

    kept(level, sheet) {
      const key = `${level}/${sheet}`,
        made = this.bitmaps.get(key) ?? this.decode(level, sheet);
      this.bitmaps.delete(key); // the most recently used stand last
      this.bitmaps.set(key, made);
      for (const old of this.bitmaps.keys()) {
        if (this.bitmaps.size <= DECODED) break;
        this.bitmaps.delete(old);
      }
      return made;
    }

    /** Width and height of a painting whose longer side is `side`. */
    shape(row, side) {
      const ratio = 2 ** ((this.data.ratio[row] - 128) / 64);
      return ratio >= 1 ? [side, side / ratio] : [side * ratio, side];
    }

    /** Draw a painting, in its own shape, into a canvas. */
    async draw(canvas, row, level, side) {
      const { tile } = this.levels[level],
        [width, height] = this.shape(row, side);
      const dense = Math.min(devicePixelRatio || 1, 2);
      canvas.width = Math.max(1, Math.round(width * dense));
      canvas.height = Math.max(1, Math.round(height * dense));
      const { sheet, left, top } = this.find(level, row),
        bitmap = await this.kept(level, sheet);
      const pen = canvas.getContext("2d");
      pen.imageSmoothingQuality = "high";
      pen.drawImage(bitmap, left, top, tile, tile, 0, 0, canvas.width, canvas.height);
    }
  }

  /**
   * Some sheets of one size as layers of a texture: those that are looked at; the longest unseen
   * make room.
   */
  class Layers {
    constructor(gl, pictures, level, most, ready) {
      Object.assign(this, { gl, pictures, level, ready, busy: 0, wanted: [], clock: 0 });
      const { tile, across, sheets } = pictures.levels[level];
      this.size = tile * across;
      this.many = Math.min(sheets, most, gl.getParameter(gl.MAX_ARRAY_TEXTURE_LAYERS));
      this.layerOf = new Int16Array(1024 * Math.ceil(sheets / 1024)).fill(-1);
      this.holds = new Int32Array(this.many).fill(-1);
      this.used = new Float64Array(this.many);
      this.coming = new Set();
      this.texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.texture);
      // Small ones as 16 bits a pixel: 80 sheets of a large collection are then 160 MB
      const form = level === 0 ? gl.RGB565 : gl.RGBA8;
      gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, form, this.size, this.size, this.many);
      this.filter(gl.TEXTURE_2D_ARRAY, gl.LINEAR);
      this.table = gl.createTexture(); // sheet → layer, -1: not here
      gl.bindTexture(gl.TEXTURE_2D, this.table);
      this.filter(gl.TEXTURE_2D, gl.NEAREST);
      this.tell();
    }

    filter(target, how) {
      const { gl } = this;
      for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
        gl.texParameteri(target, name, how);
      for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T])
        gl.texParameteri(target, name, gl.CLAMP_TO_EDGE);
    }

    tell() {
      const { gl } = this,
        rows = this.layerOf.length / 1024;
      gl.bindTexture(gl.TEXTURE_2D, this.table);
      gl.texImage2D(
        gl.TEXTURE_2D,
        0,
        gl.R16I,
        1024,
        rows,
        0,
        gl.RED_INTEGER,
        gl.SHORT,
        this.layerOf,
      );
    }

    /** Say which sheets are looked at, with how many paintings each: sheet → number. */
    want(counts) {
      this.clock++;
      this.wanted = [...counts.keys()]
        .sort((a, b) => counts.get(b) - counts.get(a))
        .slice(0, this.many);
      for (const sheet of this.wanted)
        if (this.layerOf[sheet] >= 0) this.used[this.layerOf[sheet]] = this.clock;
      this.next();
    }

    next() {
      for (const sheet of this.wanted) {
        if (this.busy >= AT_ONCE) return;
        if (this.layerOf[sheet] < 0 && !this.coming.has(sheet)) this.fetch(sheet);
      }
    }

    async fetch(sheet) {
      this.busy++;
      this.coming.add(sheet);
      try {
        const bitmap = await this.pictures.decode(this.level, sheet);
        await new Promise(requestAnimationFrame); // one upload a frame
        if (this.wanted.includes(sheet)) this.put(sheet, bitmap);
        bitmap.close();
      } finally {
        this.busy--;
        this.coming.delete(sheet);
        this.next();
      }
    }

    put(sheet, bitmap) {
      const { gl } = this,
        layer = this.used.indexOf(Math.min(...this.used));
      if (this.holds[layer] >= 0) this.layerOf[this.holds[layer]] = -1;
      [this.holds[layer], this.layerOf[sheet], this.used[layer]] = [sheet, layer, this.clock];
      gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.texture);
      const [form, type] =
        this.level === 0 ? [gl.RGB, gl.UNSIGNED_SHORT_5_6_5] : [gl.RGBA, gl.UNSIGNED_BYTE];
      gl.texSubImage3D(
        gl.TEXTURE_2D_ARRAY,
        0,
        0,
        0,
        layer,
        this.size,
        this.size,
        1,
        form,
        type,
        bitmap,
      );
      this.tell();
      this.ready();
    }
  }

  Object.assign(Impasto, { Pictures, Layers });
})();
