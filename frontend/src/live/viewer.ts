/* A deep-zoom viewer on an element, with its own keys, buttons and gestures left out. */

import OpenSeadragon from "openseadragon";
import { imageAddress } from "../api/client";
import type { Image } from "../api/exposureTypes";
import type { View } from "../core/geometry";

/* The viewer would inject a style element, which our content policy forbids; it looks for one
   first. The rule it wants (no focus ring on touch) is ours to decide, in base.css. */
const present = document.createElementNS("urn:smartscope", "style");
present.setAttribute("data-openseadragon-mobile-css", "true");
document.head.append(present);

export function viewerOn(element: HTMLElement, image: Image): OpenSeadragon.Viewer {
  return OpenSeadragon({
    element,
    // tiles are cut a moment after the picture was taken; its preview may be there before
    tileSources: image.has_tiles ? imageAddress(image.id, "info.json") : { type: "image", url: imageAddress(image.id, "preview") },
    drawer: "canvas",
    showNavigationControl: false,
    gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: false },
    gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: false },
    keyboardNavEnabled: false,
    animationTime: 0.25,
    springStiffness: 12,
    maxZoomPixelRatio: 6,
    visibilityRatio: 0.6,
    minZoomImageRatio: 0.85,
    imageSmoothingEnabled: true,
    crossOriginPolicy: false,
  });
}

/** Where the picture's pixels stand on screen now; null before it is open. */
export function viewOf(viewer: OpenSeadragon.Viewer, width_px: number): View | null {
  const item = viewer.world.getItemAt(0);
  if (!item) return null;
  const at = item.imageToViewerElementCoordinates(new OpenSeadragon.Point(0, 0));
  const far = item.imageToViewerElementCoordinates(new OpenSeadragon.Point(item.getContentSize().x, 0));
  return { scale: (far.x - at.x) / width_px, x: at.x, y: at.y };
}

/** How often each grey level stands in what is on screen. */
export function levelsOf(viewer: OpenSeadragon.Viewer): number[] {
  const counts = new Array<number>(256).fill(0);
  const canvas = (viewer.drawer as unknown as { canvas?: HTMLCanvasElement }).canvas;
  const small = new OffscreenCanvas(256, 256).getContext("2d");
  if (canvas === undefined || canvas.width === 0 || small === null) return counts;
  small.drawImage(canvas, 0, 0, 256, 256);
  const { data } = small.getImageData(0, 0, 256, 256);
  for (let at = 0; at < data.length; at += 4) if (data[at + 3]! > 0) counts[data[at]!]! += 1;
  return counts;
}
