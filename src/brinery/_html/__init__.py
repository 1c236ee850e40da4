"""What a notebook shows of brinery's objects: HTML that is at home in any page, and can do nothing there."""
