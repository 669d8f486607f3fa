LISTEN pgalmanac
