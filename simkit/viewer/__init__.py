"""A page in the browser, served to this machine alone: pictures of a plane, whose points a world colours.

What is shown comes from the `tiles` of a world (`simkit.viewer.tiles`); nothing here knows what it is about. The page
is `static`: plain JavaScript modules without a build, since it has one canvas and one form; and big.js 7.0.1 (MIT), for
coordinates of more digits than a double has.
"""
