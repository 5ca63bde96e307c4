package com.oddlestane.stanelens;

/** One stream of a camera. Oddlestane Vision is fictitious. */
public final class Stream {
    public String address;
    public int port = 8200;
    public int channel = 1;
}
