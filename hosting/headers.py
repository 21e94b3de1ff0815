"""Define the response headers of the page, once for every way to serve it.

`server.py` sends them, `python -m hosting` writes them for static hosts and for nginx, and the
pages repeat the policy in a meta tag for hosts that send no headers.
"""

POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",  # the latter allows WebAssembly
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    # No text becomes HTML or a script's URL, except through the policies of
    # web/app/trusted-types.js, web/dialogs/dialog.js and web/sw.js.
    "require-trusted-types-for": "'script'",
    "trusted-types": "default digitpad",
}
FRAME_ANCESTORS = "frame-ancestors 'self'"  # ignored in a meta tag
META_POLICY = "; ".join(f"{name} {value}" for name, value in POLICY.items())

HEADERS = {
    "Content-Security-Policy": f"{META_POLICY}; {FRAME_ANCESTORS}",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",  # for browsers that do not know frame-ancestors
    "Referrer-Policy": "no-referrer",
    # Pictures come from the camera's own app through a file input, so the page needs no camera.
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid"),
            *("magnetometer", "microphone", "midi", "payment", "serial", "usb"),
        )
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    # Other sites and notebooks may embed <digit-pad> from here; all files are public.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}

NO_CACHE = "no-cache"  # cache, but revalidate: 304 while unchanged
IMMUTABLE = "public, max-age=31536000, immutable"  # for URLs that contain a content hash
HASHED_FOLDER = r"[0-9a-f]{16}"  # named by its content, see hosting/build/dist.py
