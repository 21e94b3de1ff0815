"""What every answer says besides its content: one list for all who serve the page.

`server.py` sends it, `python -m hosting` writes it for static hosts and for nginx, and the pages
carry their part of the policy in a meta tag, for hosts that send no headers.
"""

POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",  # WebAssembly needs the latter
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
FRAMES = "frame-ancestors 'self'"  # browsers take it from a header alone
META_POLICY = "; ".join(f"{name} {value}" for name, value in POLICY.items())

HEADERS = {
    "Content-Security-Policy": f"{META_POLICY}; {FRAMES}",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",  # for browsers that do not know frame-ancestors
    "Referrer-Policy": "no-referrer",
    # A picture is taken by the camera's own application, so that the page needs no camera.
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid"),
            *("magnetometer", "microphone", "midi", "payment", "serial", "usb"),
        )
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    # Other sites and notebooks may use <digit-pad> from here: all of it is public.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}

FRESH = "no-cache"  # keep, but ask each time: answered by 304 while unchanged
LASTING = "public, max-age=31536000, immutable"  # for what changes its name when it changes
HASHED = r"[0-9a-f]{16}"  # the folders whose content does, see hosting/build/dist.py
