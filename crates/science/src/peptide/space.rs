//! Points in space, in Å.

/// A point, or a direction with a length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub x: f64,
    pub y: f64,
    pub z: f64,
}

impl Point {
    pub(super) fn new(x: f64, y: f64, z: f64) -> Point {
        Point { x, y, z }
    }

    pub(super) fn plus(self, o: Point) -> Point {
        Point::new(self.x + o.x, self.y + o.y, self.z + o.z)
    }

    pub(super) fn minus(self, o: Point) -> Point {
        Point::new(self.x - o.x, self.y - o.y, self.z - o.z)
    }

    pub(super) fn times(self, factor: f64) -> Point {
        Point::new(self.x * factor, self.y * factor, self.z * factor)
    }

    pub(super) fn dot(self, o: Point) -> f64 {
        self.x * o.x + self.y * o.y + self.z * o.z
    }

    pub(super) fn cross(self, o: Point) -> Point {
        Point::new(self.y * o.z - self.z * o.y, self.z * o.x - self.x * o.z, self.x * o.y - self.y * o.x)
    }

    pub(super) fn length(self) -> f64 {
        self.dot(self).sqrt()
    }
}

/// The angle at `b`, in degrees.
pub(super) fn angle(a: Point, b: Point, c: Point) -> f64 {
    let (u, v) = (a.minus(b), c.minus(b));
    u.cross(v).length().atan2(u.dot(v)).to_degrees()
}

/// The dihedral angle about the axis from `b` to `c`, in degrees from -180 to 180.
pub(super) fn dihedral(a: Point, b: Point, c: Point, d: Point) -> f64 {
    let (u, v, w) = (b.minus(a), c.minus(b), d.minus(c));
    let (n, m) = (u.cross(v), v.cross(w));
    (v.length() * u.dot(m)).atan2(n.dot(m)).to_degrees()
}

/// Six times the volume of the tetrahedron of `centre` and its neighbours: its sign tells an atom's hand from its mirror image.
pub(super) fn chiral_volume(centre: Point, a: Point, b: Point, c: Point) -> f64 {
    a.minus(centre).dot(b.minus(centre).cross(c.minus(centre)))
}

/// The angle of the bond from `centre` to `a` out of the plane of `centre`, `b` and `c`, in degrees from 0 to 90.
pub(super) fn out_of_plane(centre: Point, a: Point, b: Point, c: Point) -> f64 {
    let (bond, normal) = (a.minus(centre), b.minus(centre).cross(c.minus(centre)));
    bond.dot(normal).abs().atan2(bond.cross(normal).length()).to_degrees()
}
