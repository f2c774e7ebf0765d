"use strict";
/*
 * The two programs of the graphics card: one draws paintings as marks (points, one vertex each),
 * the other as pictures (two triangles each). Neither draws instances: a renderer in software takes
 * thousands of small ones one by one.
 */
(() => {
  const PLACE = `
  uniform vec2 window;
  uniform vec3 camera;                   // x, y, pixels a unit
  uniform float moved;                   // 0 … 1
  vec4 placed(vec2 origin, vec2 target, vec2 offset) {
    vec2 middle = (mix(origin, target, moved) - camera.xy) * camera.z;
    return vec4((middle + offset) / window * 2.0, 0.0, 1.0);
  }`;

  const GLYPH = `
  uniform float density;                 // pixels of the device to one of the page
  uniform vec4 wall;
  float distanceTo(int shape, vec2 p) {  // below 0 within the shape, which fills [-1, 1]
    if (shape == 1) return max(abs(p.x), abs(p.y)) - 0.84;
    if (shape == 2) return max(0.87 * abs(p.x) + 0.5 * p.y - 0.42, -p.y - 0.78) * 1.1;
    if (shape == 3) return (abs(p.x) + abs(p.y) - 1.12) * 0.75;
    if (shape == 4) return max(min(abs(p.x + p.y), abs(p.x - p.y)) - 0.42,
      max(abs(p.x), abs(p.y)) - 0.95);
    if (shape == 5) return abs(length(p) - 0.68) - 0.24;
    return length(p) - 0.95;
  }
  vec4 over(vec4 top, vec4 under) { return top + under * (1.0 - top.a); }
  vec4 glyph(int shape, vec2 p, float size, vec3 paint) {
    float d = distanceTo(shape, p / size) * size * density;
    // a thin rim keeps neighbours apart
    vec4 rim = vec4(wall.rgb, 1.0) * clamp(1.5 - d, 0.0, 1.0) * 0.85;
    return over(vec4(paint, 1.0) * clamp(0.5 - d, 0.0, 1.0), rim);
  }`;

  const HEAD = `#version 300 es
  precision highp float;
  precision highp int;
  precision highp isampler2D;
  precision mediump sampler2DArray;`;

  const MARKS = {
    vertex: `${HEAD}${PLACE}
  layout(location = 0) in vec2 origin;   // before the transition
  layout(location = 1) in vec2 target;   // after it
  layout(location = 2) in vec4 colour;
  layout(location = 3) in uvec4 look;    // shape, 1 where it is not meant
  uniform float mark;                    // half a mark's size in pixels
  uniform float quietMark;               // of one that is not meant
  uniform float density;
  flat out vec4 tint;
  flat out ivec2 kind;
  flat out float extent;
  flat out float rim;
  void main() {
    kind = ivec2(look.xy);
    tint = colour;
    extent = look.y == 1u ? quietMark : mark;
    // the smallest have no room for a rim, nor for a shape
    rim = look.y == 1u || mark < 2.2 ? 0.5 : 1.5;
    gl_Position = placed(origin, target, vec2(0.0));
    gl_PointSize = 2.0 * (extent + rim) * density;
  }`,
    fragment: `${HEAD}${GLYPH}
  flat in vec4 tint;
  flat in ivec2 kind;
  flat in float extent;
  flat in float rim;
  out vec4 result;
  void main() {
    vec2 at = (gl_PointCoord * 2.0 - 1.0) * vec2(1.0, -1.0) * (extent + rim);
    if (rim < 1.0) result = tint * clamp(0.5 - (length(at) - extent) * density, 0.0, 1.0)
      * (kind.y == 1 ? 0.28 : 1.0);
    else result = glyph(kind.x, at, extent, tint.rgb);
  }`,
  };

  const PICTURES = {
    vertex: `${HEAD}${PLACE}
  layout(location = 0) in vec2 origin;
  layout(location = 1) in vec2 target;
  layout(location = 2) in vec4 colour;
  layout(location = 3) in uvec4 look;    // shape, corner (0 … 3), shape of the picture
  layout(location = 4) in uvec2 places;  // in the small and in the large sheets
  uniform float picture;                 // half a picture's size in pixels
  uniform ivec2 across;                  // pictures in a sheet's row, small and large
  uniform isampler2D smallLayers;
  uniform isampler2D largeLayers;
  out vec2 at;
  flat out vec2 extent;
  flat out vec3 tint;
  flat out ivec3 kind;                   // shape, layer of the small and of the large picture
  flat out vec4 tile;                    // corner of the small and of the large picture, in tiles
  ivec3 find(isampler2D layers, int many, int place) {
    int sheet = place / (many * many), inner = place - sheet * many * many;
    return ivec3(inner % many, inner / many,
      texelFetch(layers, ivec2(sheet & 1023, sheet >> 10), 0).r);
  }
  void main() {
    float wide = exp2((float(look.z) - 128.0) / 64.0);       // width / height
    ivec3 small = find(smallLayers, across.x, int(places.x)),
      large = find(largeLayers, across.y, int(places.y));
    vec2 corner = vec2(look.y & 1u, look.y >> 1u) * 2.0 - 1.0;
    extent = picture * vec2(min(wide, 1.0), min(1.0 / wide, 1.0));
    if (small.z < 0 && large.z < 0) extent = vec2(-9.0);     // not here yet: its mark stays
    kind = ivec3(int(look.x), small.z, large.z);
    tile = vec4(vec2(small.xy), vec2(large.xy));
    tint = colour.rgb;
    at = corner * max(extent + 1.0, 0.0);
    gl_Position = placed(origin, target, at);
  }`,
    fragment: `${HEAD}${GLYPH}
  in vec2 at;
  flat in vec2 extent;
  flat in vec3 tint;
  flat in ivec3 kind;
  flat in vec4 tile;
  uniform float framed;                  // whether pictures have frames in their colour
  uniform ivec2 across;
  uniform vec2 tileSize;
  uniform sampler2DArray smallSheets;
  uniform sampler2DArray largeSheets;
  out vec4 result;
  vec3 sampled(vec2 uv) {
    vec2 inner = vec2(uv.x, 1.0 - uv.y);
    bool fine = kind.z >= 0 && (max(extent.x, extent.y) * 2.0 * density > tileSize.x || kind.y < 0);
    float size = fine ? tileSize.y : tileSize.x, many = float(fine ? across.y : across.x);
    vec2 corner = fine ? tile.zw : tile.xy;
    inner = (corner + clamp(inner, 0.5 / size, 1.0 - 0.5 / size)) / many;
    return fine ? texture(largeSheets, vec3(inner, kind.z)).rgb
      : texture(smallSheets, vec3(inner, kind.y)).rgb;
  }
  void main() {
    // pixels to the rim of the picture
    vec2 edge = extent - abs(at);
    float inside = min(edge.x, edge.y);
    float frame = framed * clamp(max(extent.x, extent.y) * 0.07, 1.0, 3.0)
      * step(5.0, max(extent.x, extent.y));                  // the smallest have no room for one
    vec4 paint = inside < frame ? vec4(tint, 1.0) : vec4(sampled(at / extent * 0.5 + 0.5), 1.0);
    result = paint * clamp(inside * density + 0.5, 0.0, 1.0);
  }`,
  };

  function compiled(gl, kind, text) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS))
      throw new Error(gl.getShaderInfoLog(shader));
    return shader;
  }

  /** A program, linked, and where its uniforms are. */
  function program(gl, { vertex, fragment }) {
    const made = gl.createProgram();
    gl.attachShader(made, compiled(gl, gl.VERTEX_SHADER, vertex));
    gl.attachShader(made, compiled(gl, gl.FRAGMENT_SHADER, fragment));
    gl.linkProgram(made);
    if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made));
    const places = {};
    for (let i = 0; i < gl.getProgramParameter(made, gl.ACTIVE_UNIFORMS); i++) {
      const { name } = gl.getActiveUniform(made, i);
      places[name] = gl.getUniformLocation(made, name);
    }
    return { program: made, places };
  }

  Object.assign(Impasto, { program, MARKS, PICTURES });
})();
